"""A platform that runs on this machine: for the demo, for rehearsals and for tests."""

from postcron.sandbox.server import Sandbox as Sandbox
