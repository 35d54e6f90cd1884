// go-jmap, the library of aerc, as aerc uses it: folders, a message that is stored, lists, flags, moving, push, removing.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"git.sr.ht/~rockorager/go-jmap"
	_ "git.sr.ht/~rockorager/go-jmap/core"
	"git.sr.ht/~rockorager/go-jmap/core/push"
	"git.sr.ht/~rockorager/go-jmap/mail"
	"git.sr.ht/~rockorager/go-jmap/mail/email"
	"git.sr.ht/~rockorager/go-jmap/mail/mailbox"
	"git.sr.ht/~rockorager/go-jmap/mail/thread"
)

const message = "From: Zoe <zoe@example.org>\r\nTo: someone@example.org\r\nSubject: Words\r\nMessage-ID: <w@example.org>\r\n\r\nA body.\r\n"

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	base, user, password := os.Args[1], os.Args[2], os.Args[3]
	seen := map[string]any{}
	client := (&jmap.Client{SessionEndpoint: base + "/.well-known/jmap"}).WithBasicAuth(user, password)
	check(client.Authenticate())
	account := client.Session.PrimaryAccounts[mail.URI]

	do := func(methods ...jmap.Method) []any {
		request := &jmap.Request{}
		for _, method := range methods {
			request.Invoke(method)
		}
		response, err := client.Do(request)
		check(err)
		found := []any{}
		for _, each := range response.Responses {
			if problem, is := each.Args.(*jmap.MethodError); is {
				check(fmt.Errorf("%s: %+v", each.Name, problem))
			}
			found = append(found, each.Args)
		}
		return found
	}

	boxes := do(&mailbox.Get{Account: account})[0].(*mailbox.GetResponse)
	roles := map[mailbox.Role]jmap.ID{}
	for _, box := range boxes.List {
		roles[box.Role] = box.ID
	}
	seen["folders"] = len(boxes.List)
	changes := make(chan *jmap.StateChange, 16)
	stream := &push.EventSource{Client: client, Ping: 30, Handler: func(change *jmap.StateChange) { changes <- change }}
	go func() { check(stream.Listen()) }()
	time.Sleep(500 * time.Millisecond)

	blob, err := client.Upload(account, strings.NewReader(message))
	check(err)
	received := time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 3600))
	imported := do(&email.Import{Account: account, Emails: map[string]*email.EmailImport{"a": {
		BlobID: blob.ID, MailboxIDs: map[jmap.ID]bool{roles[mailbox.RoleInbox]: true},
		Keywords: map[string]bool{"$seen": true}, ReceivedAt: &received,
	}}})[0].(*email.ImportResponse)
	id := imported.Created["a"].ID

	select {
	case change := <-changes:
		_, seen["pushed"] = change.Changed[account]["Email"]
	case <-time.After(10 * time.Second):
		seen["pushed"] = false
	}

	found := do(
		&email.Query{Account: account, Filter: &email.FilterCondition{InMailbox: roles[mailbox.RoleInbox]},
			Sort: []*email.SortComparator{{Property: "receivedAt", IsAscending: false}}, Limit: 10, CalculateTotal: true},
		&email.Get{Account: account, ReferenceIDs: &jmap.ResultReference{ResultOf: "0", Name: "Email/query", Path: "/ids"},
			Properties: []string{"id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "headers", "messageId",
				"inReplyTo", "references", "from", "to", "cc", "bcc", "replyTo", "subject", "bodyStructure"}},
		&thread.Get{Account: account, ReferenceIDs: &jmap.ResultReference{ResultOf: "1", Name: "Email/get", Path: "/list/*/threadId"}},
	)
	listed := found[1].(*email.GetResponse)
	first := listed.List[0]
	seen["listed"] = []any{found[0].(*email.QueryResponse).Total, first.ID == id, first.Subject, first.ReceivedAt.UTC().Format(time.RFC3339)}
	seen["thread"] = len(found[2].(*thread.GetResponse).List[0].EmailIDs)
	body, err := client.Download(account, first.BodyStructure.BlobID)
	check(err)
	text, err := io.ReadAll(body)
	check(err)
	seen["body"] = string(text)

	set := do(&email.Set{Account: account, Update: map[jmap.ID]jmap.Patch{id: {
		"keywords/$flagged": true, "keywords/$seen": nil,
		"mailboxIds/" + string(roles[mailbox.RoleInbox]): nil, "mailboxIds/" + string(roles[mailbox.RoleTrash]): true,
	}}})[0].(*email.SetResponse)
	_, seen["updated"] = set.Updated[id]
	since := do(&email.Changes{Account: account, SinceState: listed.State})[0].(*email.ChangesResponse)
	seen["changes"] = len(since.Updated) == 1 && since.Updated[0] == id && since.NewState == set.NewState
	before := time.Now()
	for name, filter := range map[string]email.FilterCondition{
		"flagged": {HasKeyword: "$flagged"}, "text": {Text: "body"}, "before": {Before: &before},
	} {
		hits := do(&email.Query{Account: account, Filter: &filter})[0].(*email.QueryResponse)
		seen[name] = len(hits.IDs)
	}
	gone := do(&email.Set{Account: account, Destroy: []jmap.ID{id, "nothing"}})[0].(*email.SetResponse)
	seen["gone"] = []any{len(gone.Destroyed), gone.NotDestroyed["nothing"].Type}
	stream.Close()
	check(json.NewEncoder(os.Stdout).Encode(seen))
}
