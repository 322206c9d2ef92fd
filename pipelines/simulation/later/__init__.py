"""What came later to the simulated shop: further columns and tables, from random streams of their own.

They are made of what was simulated before, after it, so everything that was there stays the same to the last byte.
"""
