"""The pages of the sign-in, ``/login`` and ``/device``, and what they load: made by the server, JavaScript or not."""
