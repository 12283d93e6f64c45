"""The database: tables, migrations, orders, connections, logins, sealed secrets.

It may import the rules and the configuration.
HTTP does not belong here.
"""
