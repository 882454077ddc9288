package pump

import "sync"

// shelf keeps empty parcels. The one that was put last is taken first: no more
// of them grow to a batch's full size than are on their way at a time.
type shelf struct {
	most int

	mu      sync.Mutex
	parcels []*parcel
}

// take returns a parcel, or nil.
func (s *shelf) take() *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.parcels)
	if n == 0 {
		return nil
	}
	p := s.parcels[n-1]
	s.parcels = s.parcels[:n-1]
	return p
}

// put keeps a parcel unless there are enough.
func (s *shelf) put(p *parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parcels) < s.most {
		s.parcels = append(s.parcels, p)
	}
}
