"""The admin screens, public pages and HTTP API."""
