"""Alerts: looking what is the matter, telling who must hear of it."""
