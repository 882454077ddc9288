package kafkakit

import "testing"

// The figures are those of org.apache.kafka.common.utils.Utils of Kafka 4.3.1.
func TestMurmur2(t *testing.T) {
	for _, tt := range []struct {
		key       string
		hash      uint32
		partition int32 // of 12
	}{
		{"", 275646681, 9},
		{"a", 2731586172, 4},
		{"ab", 316155434, 2},
		{"abc", 479470107, 3},
		{"abcd", 2971317748, 8},
		{"21", 3321034988, 0},
		{"foobar", 3504634814, 6},
		{"a-little-bit-long-string", 3308985760, 8},
		{"a-little-bit-longer-string", 2808662467, 11},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 4236069325, 5},
		{"zoë", 1047649164, 0},
		{`[1,"a"]`, 3248091781, 5},
		{"18446744073709551615", 1949584741, 1},
		{"\xff", 3983499611, 3},
		{"\xff\x80", 3852178576, 8},
		{"\xff\x80\xfe", 957058525, 1},
		{"\xff\x80\xfe\x7f", 814734775, 7},
		{"\xff\x80\xfe\x7f\x90", 129577096, 4},
	} {
		if got := murmur2([]byte(tt.key)); got != tt.hash {
			t.Errorf("murmur2(%q) = %d, want %d", tt.key, got, tt.hash)
		}
		if got := Partition([]byte(tt.key), 12); got != tt.partition {
			t.Errorf("Partition(%q, 12) = %d, want %d", tt.key, got, tt.partition)
		}
	}
}
