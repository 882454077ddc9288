package mysqlkit

import "testing"

func TestNumbersOfDocuments(t *testing.T) {
	c := encoded{name: "doc"}
	for document, kept := range map[string]bool{
		`{"a": 1, "b": [0.1, -1.5e300, "123456789012345678901234567890"]}`: true,
		`9223372036854775807`:                        true,
		`18446744073709551615`:                       true,
		`18446744073709551616`:                       false, // read as 1.8446744073709552e19
		`18446744073709551617`:                       false,
		`{"\"": 123456789012345678901234567890}`:     false,
		`[0.1234567890123456789]`:                    false,
		`1.0000000000000000000`:                      true,
		`"\\"`:                                       true,
		`[-0.30000000000000004, 9007199254740993.5]`: false,
		`[-0.30000000000000004, 9007199254740992]`:   true,
	} {
		if err := c.numbers([]byte(document)); (err == nil) != kept {
			t.Errorf("%s: %v, want it kept: %v", document, err, kept)
		}
	}
}
