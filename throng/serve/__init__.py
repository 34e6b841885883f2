"""The reader plane: a second Thrift server that holds nothing but what is published."""
