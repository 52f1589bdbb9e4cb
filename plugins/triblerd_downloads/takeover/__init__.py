"""Downloads that another program had: taken over by the thousand, with what they have, without hashing."""
