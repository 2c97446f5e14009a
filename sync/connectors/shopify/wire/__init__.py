"""Shopify's spelling and ours, both ways. Pure: nothing else in this folder knows how a record looks on the
wire."""
