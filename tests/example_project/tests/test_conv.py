from verify.gate import conformance

TestConv = conformance("mylib.conv:conv2d", ranks=(2,), dtypes=("float32", "float64"), max_groups=1)
