from tests.s3 import s3 as s3
from tests.s3 import s3_moto as s3_moto
from tests.s3 import s3_rclone as s3_rclone
