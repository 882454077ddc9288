package mssqlkit

// PlainDecimal is what the driver is given of a decimal.
func PlainDecimal(v []byte, precision, scale int) (string, bool) {
	f := &decimalForm{precision: precision, scale: scale}
	out, fault := f.appendPlain(nil, v)
	return string(out), fault == ""
}
