"""Where the data of a download come from: its trackers, web seeds and peers, and what the user wants of them."""
