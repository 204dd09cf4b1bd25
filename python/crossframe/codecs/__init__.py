"""Bytes <-> Arrow tables, a module for each format."""
