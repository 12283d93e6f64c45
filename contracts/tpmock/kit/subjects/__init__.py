"""What is tested: programs that the kit starts or finds running, the contract file, the mock's control client.

It may import ``tpmock.kit.cases``.
Checks and reports do not belong here.
"""
