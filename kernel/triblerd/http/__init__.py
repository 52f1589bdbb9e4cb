"""The HTTP side of the kernel: declared endpoints, a router that changes while serving, the API's description."""
