package changefmt

// CloseObject makes a JSON object of the members behind open, each of which has
// a comma before it.
func CloseObject(dst []byte, open int) []byte {
	if len(dst) == open {
		return append(dst, '{', '}')
	}
	dst[open] = '{'
	return append(dst, '}')
}
