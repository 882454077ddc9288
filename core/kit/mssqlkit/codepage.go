package mssqlkit

import (
	"fmt"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// utf8Page is the code page of the collations whose names end with _UTF8.
const utf8Page = 65001

// codePages are those that collations have, as COLLATIONPROPERTY numbers them.
var codePages = map[int]encoding.Encoding{
	437: charmap.CodePage437, 850: charmap.CodePage850, 874: charmap.Windows874,
	932: japanese.ShiftJIS, 936: simplifiedchinese.GBK, 949: korean.EUCKR, 950: traditionalchinese.Big5,
	1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253, 1254: charmap.Windows1254,
	1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
}

// encoderOf returns what writes texts in a code page, which fails for a
// character that the page does not have; nil: UTF-8 as it is.
func encoderOf(page int) (*encoding.Encoder, error) {
	if page == utf8Page {
		return nil, nil
	}
	e, ok := codePages[page]
	if !ok {
		return nil, fmt.Errorf("code page %d is not known here: make the column nvarchar", page)
	}
	return e.NewEncoder(), nil
}
