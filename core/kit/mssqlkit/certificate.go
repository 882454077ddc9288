package mssqlkit

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
)

// chain is the certificates of a PEM file, in DER.
type chain [][]byte

func certificates(file string) (chain, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list chain
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			list = append(list, block.Bytes)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return list, nil
}

func (c chain) holds(der []byte) bool {
	for _, known := range c {
		if bytes.Equal(known, der) {
			return true
		}
	}
	return false
}
