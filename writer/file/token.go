package file

import (
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
)

// token stands for all that a channel has prepared.
type token struct {
	V       int      `json:"v"`
	Channel int      `json:"channel"`
	Of      int      `json:"of"`
	Files   []hidden `json:"files"`
	Ready   []hidden `json:"ready,omitempty"` // to be put in their places once the token is stored
	Next    int      `json:"next,omitempty"`  // number of the next file
}

// hidden is a file that is not yet visible, durable up to Size.
type hidden struct {
	Name  string `json:"name"` // in the hidden directory
	Index int    `json:"index"`
	Size  int64  `json:"size"`
	Rows  int64  `json:"rows,omitempty"` // of parquet

	Table  string `json:"table,omitempty"`  // of the first row
	Layout string `json:"layout,omitempty"` // of that table's rows in the file
}

func parseToken(data []byte) (token, error) {
	var t token
	err := json.Unmarshal(data, &t)
	if err == nil && (t.V != 1 || t.Channel < 0 || len(t.Files)+len(t.Ready)+t.Next == 0) {
		err = fmt.Errorf("it is of version %d, channel %d, with %d files", t.V, t.Channel, len(t.Files))
	}
	if err != nil {
		return t, errclass.With(errclass.PositionLost, fmt.Errorf("reading what the file writer has prepared: %w: start afresh", err))
	}
	return t, nil
}

func (t token) encode() ([]byte, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encoding a token: %w", err)
	}
	return data, nil
}
