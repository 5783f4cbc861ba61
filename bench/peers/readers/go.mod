module ordermesh/bench/peers/readers

go 1.24
