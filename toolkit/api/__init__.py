"""The manners of the REST API, the same everywhere: errors, pages, versions, permissions, money."""
