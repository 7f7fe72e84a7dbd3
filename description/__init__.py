"""The API as documents for programs and people: OpenAPI, and a page to read.

Both are made when the functions are packed, from what the functions themselves go by (routes, scopes, fields, criteria)
and from the tables of docs/api.md; tests hold real answers to them. Nothing in here runs in a function.
"""
