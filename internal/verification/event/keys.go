package event

// The keys that are read.
const (
	keyID           = "event_id"
	keyType         = "event_type"
	keyDomain       = "domain_id"
	keyTUID         = "tuid"
	keyTime         = "timestamp"
	keyPlatformID   = "platform_event_id"
	keyPayload      = "payload"
	keyMetadata     = "raw_metadata"
	keyUser         = "user"
	keyAttributedBy = "attributed_by"
	typeAlert       = "ALERT"
)

// excepted are the keys that are no part of the content, by the key of the map they stand in.
var excepted = map[string]map[string]bool{
	"":          {keyTUID: true},
	keyPayload:  {keyUser: true, "target_user": true, "target_group": true},
	keyMetadata: {"lane": true, "late": true, keyAttributedBy: true},
}
