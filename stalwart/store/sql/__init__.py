"""Every statement of the store, as plain synchronous classes over a connection and a dialect: engines add the
threads.
"""
