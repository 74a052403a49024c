// What the clients of one link report to it; the link passes it on to its observer until it is stopped. Loop thread.
#pragma once

#include <string>
#include <vector>

#include "backend/credentials_watch.hpp"
#include "ports/backend_link.hpp"

namespace exitgate {

class LinkReports {
 public:
  virtual void refused(BackendChannel channel, const std::string& detail) = 0;
  virtual void accepted(BackendChannel channel) = 0;
  virtual void protocol_error(const std::string& detail) = 0;
  virtual void answer(QuestionId question, const ConfirmAnswer& answer) = 0;
  virtual void stream(bool stands) = 0;
  virtual void stream_event(const StreamEvent& event, const std::string& id) = 0;
  virtual void pass_keys(const std::vector<PassKey>& keys) = 0;

 protected:
  ~LinkReports() = default;
};

}  // namespace exitgate
