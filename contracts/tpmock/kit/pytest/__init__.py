"""The pytest plugin of the kit: every case of a contract is a test.

It may import every package of the kit but ``tpmock.kit.cli``.
Nothing is imported before pytest collects a contract: the plugin is loaded by every test run on the machine.
"""
