package sqlread

import (
	"crypto/sha256"
	"errors"
)

// digest stands for one delivered row: its increment value and its key. Two
// rows share one with a probability that can be neglected (128 bits).
type digest [16]byte

func digestOf(id []byte) digest {
	sum := sha256.Sum256(id)
	return digest(sum[:len(digest{})])
}

// delivered is a set of rows that were delivered, in the order of delivery.
type delivered struct {
	list  []digest
	index map[digest]struct{} // nil: not needed yet
	gone  int                 // of list: no longer in index
}

func (d *delivered) len() int { return len(d.list) - d.gone }

func (d *delivered) add(x digest) {
	d.list = append(d.list, x)
	if d.index != nil {
		d.index[x] = struct{}{}
	}
}

// take removes x and tells whether it was there.
func (d *delivered) take(x digest) bool {
	if d.len() == 0 {
		return false
	}
	if d.index == nil {
		d.index = make(map[digest]struct{}, len(d.list))
		for _, x := range d.list {
			d.index[x] = struct{}{}
		}
		d.gone = len(d.list) - len(d.index)
	}
	if _, ok := d.index[x]; !ok {
		return false
	}
	delete(d.index, x)
	d.gone++
	return true
}

// drop removes the first n that were added, as far as there are so many; none
// has been taken.
func (d *delivered) drop(n int) {
	d.list = append(d.list[:0], d.list[min(n, len(d.list)):]...)
	d.index = nil
}

func (d *delivered) reset() { d.list, d.index, d.gone = d.list[:0], nil, 0 }

// appendTo appends the digests, one after the other.
func (d *delivered) appendTo(dst []byte) []byte {
	for i := range d.list {
		if d.gone > 0 {
			if _, ok := d.index[d.list[i]]; !ok {
				continue
			}
		}
		dst = append(dst, d.list[i][:]...)
	}
	return dst
}

func parseDelivered(raw []byte) (delivered, error) {
	var d delivered
	if len(raw)%len(digest{}) != 0 {
		return d, errors.New("the list of delivered keys is cut off")
	}
	d.list = make([]digest, len(raw)/len(digest{}))
	for i := range d.list {
		copy(d.list[i][:], raw[i*len(digest{}):])
	}
	return d, nil
}
