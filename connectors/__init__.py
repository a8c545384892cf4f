"""One folder per channel: their language on one side, our words on the other."""
