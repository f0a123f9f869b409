"""Khala."""
