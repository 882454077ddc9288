package pgkit

import (
	"slices"
	"strings"
	"testing"
)

// TestParameters asks for each parameter whether it is used, as the lists say.
func TestParameters(t *testing.T) {
	unused := func(name string) bool {
		_, unused, _ := NewSettings(&URL{}, map[string]string{name: "x"})
		return slices.Contains(unused, name)
	}
	for name := range strings.FieldsSeq(parameters.Used) {
		if unused(name) {
			t.Errorf("%s has no effect", name)
		}
	}
	seen := map[string]bool{}
	for _, group := range parameters.None {
		for name := range strings.FieldsSeq(group.Names) {
			if fold := strings.ToLower(name); seen[fold] {
				t.Errorf("%s is listed twice", name)
			} else if seen[fold] = true; !unused(name) {
				t.Errorf("%s has an effect", name)
			}
		}
	}
	if got := PropertyRemarks(map[string]string{"soketTimeout": "1"}); len(got) != 1 || got[0].Key != "properties.soketTimeout" || got[0].Text != "has no effect: unknown parameter, did you mean \"socketTimeout\"?" {
		t.Errorf("%+v", got)
	}
}
