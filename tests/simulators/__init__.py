"""Strict imitations of platforms on loopback, each written from its sheet and never from our client."""
