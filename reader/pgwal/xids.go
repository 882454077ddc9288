package pgwal

import (
	"cmp"
	"slices"
)

// xids is a set of numbers of transactions. Those of one transaction's
// subtransactions are close to each other: intervals hold many in a few bytes.
type xids []xidInterval

type xidInterval struct{ from, to uint32 } // both are in it

// find returns the interval that has x, or the place of the first after it.
func (s xids) find(x uint32) (int, bool) {
	return slices.BinarySearchFunc(s, x, func(i xidInterval, x uint32) int {
		if i.from <= x && x <= i.to {
			return 0
		}
		return cmp.Compare(i.from, x)
	})
}

func (s xids) has(x uint32) bool {
	if len(s) == 0 {
		return false
	}
	_, in := s.find(x)
	return in
}

func (s *xids) add(x uint32) {
	at, in := s.find(x)
	if in {
		return
	}
	all := *s
	joinsLeft := at > 0 && all[at-1].to+1 == x
	joinsRight := at < len(all) && x+1 == all[at].from
	switch {
	case joinsLeft && joinsRight:
		all[at-1].to = all[at].to
		*s = slices.Delete(all, at, at+1)
	case joinsLeft:
		all[at-1].to = x
	case joinsRight:
		all[at].from = x
	default:
		*s = slices.Insert(all, at, xidInterval{x, x})
	}
}
