package config

// Place puts faults that were made with [Field], and found after the decoding,
// to the keys beneath the decoder's node; nil for nil. The error is of class
// Config.
func (d *Decoder) Place(err error) error {
	if err == nil {
		return nil
	}
	return joined(place(d.node, nil, err))
}
