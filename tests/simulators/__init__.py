"""Strict imitations of platforms on loopback, each written from its sheet, none from our client."""
