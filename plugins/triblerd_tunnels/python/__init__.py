"""Carries the data of circuits in Python: cells, a SOCKS5 server, exits, requests to web servers, tests of speed."""
