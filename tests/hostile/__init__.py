"""Addresses and answers that mean harm, tried at every door."""
