"""Takes part in the IPv8 overlay: one UDP socket, the peers behind it, and the overlays that plugins bring along."""
