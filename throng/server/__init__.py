"""The Throng server: Spark SQL behind the Hive Thrift protocol, in one background JVM."""
