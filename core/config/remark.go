package config

import "errors"

// Remarker is what a struct implements that knows of values, or pieces of values,
// without effect. It is asked after a Validate without fault.
type Remarker interface{ Remarks() []Remark }

// Remark is something that a person should know about the value of a key, which
// is written as for [Field]. A text that begins with "has no effect: " is about
// the value as a whole.
type Remark struct {
	Key, Text string
	Warning   bool // see [Note]
}

// remark notes what a struct has to say of its values.
func (d *Decoder) remark(n *Node, fields []field, remarks []Remark) {
	for _, r := range remarks {
		for _, fault := range Faults(joined(place(n, fields, Field(r.Key, errors.New(r.Text))))) {
			fault.Err = nil
			if r.Warning {
				d.settings.Notes.Warn(fault)
			} else {
				d.settings.Notes.Inform(fault)
			}
		}
	}
}
