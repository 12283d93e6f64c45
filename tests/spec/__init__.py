"""The OpenAPI documents, how they are loaded, and that both validators agree."""
