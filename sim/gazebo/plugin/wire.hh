// The messages between the plugin and the program that drives it, over a Unix socket. Both run on one machine: numbers are
// in its byte order. Each message is a header and a body; sim/gazebo/jepa_mpc_gazebo/wire.py states the same in Python.
#ifndef JEPA_MPC_WIRE_HH_
#define JEPA_MPC_WIRE_HH_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace jepa_mpc
{
/// J is the number of joints; positions rad, velocities rad/s, efforts Nm, all doubles.
enum class Kind : std::uint8_t
{
  // Requests. Each but SetPoint is answered by one State or Image that carries its number.
  SetPoint = 'V',  ///< velocities [J] for the servos from the next physics step on
  Step = 'S',      ///< velocities [J], then steps (uint32): simulates while paused
  Teleport = 'T',  ///< positions [J]: at rest there, servos told to stand still
  Render = 'I',    ///< nothing: what the camera sees now
  RenderAt = 'G',  ///< positions [J]: what the camera would see there
  Run = 'R',       ///< nothing: time passes by Gazebo's own clock; states and images come by themselves, numbered 0
  // Answers.
  State = 's',     ///< time in ns (int64), positions [J], velocities [J], efforts [J]
  Image = 'i',     ///< time in ns (int64), width and height (uint32), RGB rows
  Failure = 'f',   ///< text
};

#pragma pack(push, 1)
struct Header
{
  std::uint32_t bodyBytes;
  std::uint32_t number;
  Kind kind;
};
#pragma pack(pop)

/// One end of a connection. Sending is safe from several threads.
class Connection
{
public:
  /// Listens at `path` and waits until someone connects. Throws std::system_error.
  explicit Connection(const std::string &path);
  ~Connection();
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  /// Waits for a message; false once the other end is gone.
  bool receive(Header &header, std::vector<std::uint8_t> &body);

  /// Sends a message; does nothing once the other end is gone.
  void send(Kind kind, std::uint32_t number, const std::vector<std::uint8_t> &body);

  /// Makes a waiting `receive` return.
  void shut();

private:
  bool readAll(void *to, std::size_t bytes);

  int socket_ = -1;
  std::mutex sending_;
};

/// Appends the bytes of a value to a body.
template <typename T>
void append(std::vector<std::uint8_t> &body, const T &value)
{
  const auto *bytes = reinterpret_cast<const std::uint8_t *>(&value);
  body.insert(body.end(), bytes, bytes + sizeof(T));
}
}  // namespace jepa_mpc

#endif
