"""Sentos as its public clients and their quotes of the official document (API v1.5) describe it."""
