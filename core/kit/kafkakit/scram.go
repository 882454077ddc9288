package kafkakit

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// scramClient is one login by SCRAM (RFC 5802).
type scramClient struct {
	hash         scram.HashGeneratorFcn
	conversation *scram.ClientConversation
}

// newSCRAM returns sarama's generator of logins for a mechanism.
func newSCRAM(mechanism string) func() sarama.SCRAMClient {
	h := func() hash.Hash { return sha256.New() }
	if mechanism == sarama.SASLTypeSCRAMSHA512 {
		h = func() hash.Hash { return sha512.New() }
	}
	return func() sarama.SCRAMClient { return &scramClient{hash: h} }
}

// Begin implements [sarama.SCRAMClient].
func (s *scramClient) Begin(user, password, authzID string) error {
	client, err := s.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	s.conversation = client.NewConversation()
	return nil
}

// Step implements [sarama.SCRAMClient].
func (s *scramClient) Step(challenge string) (string, error) { return s.conversation.Step(challenge) }

// Done implements [sarama.SCRAMClient].
func (s *scramClient) Done() bool { return s.conversation.Done() }
