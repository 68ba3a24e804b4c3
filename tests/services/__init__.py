"""The real parts that tests run against, each one started by the test that needs it."""
