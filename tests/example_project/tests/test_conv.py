from verify.gate import conformance

TestConv = conformance("mylib.conv:conv2d", ranks=(2,), dtypes=("f32", "f64"), max_groups=1)
