"""What the double of Google Calendar must be faithful to, each a test; the client is Google's own."""
