"""The DHT of the overlay, as clients see it: what it holds, what it finds, who is in it."""
