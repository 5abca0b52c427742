"""Two task queues doing the same work, each as kindly treated as we know how."""
