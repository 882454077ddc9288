package registry

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/errclass"
)

// Magic begins every framed message.
const magic = 0

// headSize is how long a frame's head is.
const headSize = 5

// AppendHead appends the head of a message whose schema has that number.
func AppendHead(dst []byte, number int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magic), uint32(number))
}

// Unframe returns the number of a message's schema, and its body. An error is a
// data error.
func Unframe(message []byte) (number int, body []byte, err error) {
	if len(message) < headSize || message[0] != magic {
		return 0, nil, errclass.BadValue("", errclass.Conversion, "the message does not begin with the number of a schema: it was written without a schema registry")
	}
	return int(binary.BigEndian.Uint32(message[1:])), message[headSize:], nil
}
