"""postcron: write a post now, and cron publishes it at its second, exactly once."""

__version__ = "0.1.0"
