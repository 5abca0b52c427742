from tests.s3 import s3_rclone as s3_rclone
